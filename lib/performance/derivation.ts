/**
 * How a figure is computed: an arithmetic expression over named inputs, and their values. Operators are those of
 * JavaScript, functions those of its Math. A test evaluates every formula that a plan prints.
 */
export interface Derivation {
  readonly formula: string;
  readonly inputs: Readonly<Record<string, number>>;
}

/** The sum over layers, each worth what its derivation says; inputs are numbered where layers differ. */
export function sumOverLayers(layers: readonly Derivation[]): Derivation {
  const kinds = new Map<string, Derivation[]>();
  for (const layer of layers) {
    const kind = JSON.stringify(layer);
    kinds.set(kind, [...(kinds.get(kind) ?? []), layer]);
  }
  const terms = [...kinds.values()].flatMap(([one, ...rest], index) => {
    if (one === undefined) return [];
    const named = (input: string) => (kinds.size > 1 ? `${input}${index + 1}` : input);
    const own = { layers: rest.length + 1, ...one.inputs };
    return {
      formula: `layers * ${one.formula}`.replace(/[a-zA-Z]\w*/g, (word) =>
        word in own ? named(word) : word,
      ),
      inputs: Object.fromEntries(Object.entries(own).map(([input, value]) => [named(input), value])),
    };
  });
  return {
    formula: terms.length === 0 ? "0" : terms.map(({ formula }) => formula).join(" + "),
    inputs: Object.assign({}, ...terms.map(({ inputs }) => inputs)),
  };
}
