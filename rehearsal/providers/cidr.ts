/** A range of IPv4 addresses: the first as a number, and how many bits are fixed. */
export interface Cidr {
  readonly first: number;
  readonly bits: number;
}

/** `10.42.0.0/16`. */
export function parseCidr(text: string): Cidr {
  const [address = "", bits = "32"] = text.split("/");
  const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first, bits: Number(bits) };
}

const size = ({ bits }: Cidr): number => 2 ** (32 - bits);

/** True where the two have an address in common. */
export const overlap = (one: Cidr, other: Cidr): boolean =>
  one.first < other.first + size(other) && other.first < one.first + size(one);

/** True where every address of `inner` is in `outer`. */
export const contains = (outer: Cidr, inner: Cidr): boolean =>
  inner.first >= outer.first && inner.first + size(inner) <= outer.first + size(outer);

/** The address `offset` after the first. */
export const addressAt = (cidr: Cidr, offset: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor((cidr.first + offset) / 2 ** shift) % 256).join(".");
