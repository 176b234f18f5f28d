/** Dotted paths of the numbers in T; an element of an array is `*`, or its index. A path that is not there does not compile. */
export type FigurePath<T> = T extends readonly (infer Item)[]
  ? Below<"*" | `${number}`, Item>
  : T extends object
    ? { [Key in keyof T & string]-?: Below<Key, NonNullable<T[Key]>> }[keyof T & string]
    : never;

type Below<Key extends string, Value> = Value extends number ? Key : `${Key}.${FigurePath<Value>}`;

/** Dotted paths of the objects in T that hold figures. */
export type FigureGroup<T> = T extends readonly (infer Item)[]
  ? GroupBelow<"*", Item>
  : T extends object
    ? { [Key in keyof T & string]-?: GroupBelow<Key, NonNullable<T[Key]>> }[keyof T & string]
    : never;

type GroupBelow<Key extends string, Value> = Value extends object
  ? Key | `${Key}.${FigureGroup<Value>}`
  : never;
