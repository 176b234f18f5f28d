/** A seeded stream of uniform numbers in [0, 1). */
export interface RandomStream {
  next(): number;
}

/** FNV-1a, 32 bit: turns a stream's name into a number. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * The random stream of one named subsystem. Streams of different names are independent, so that a new consumer
 * of randomness does not disturb the others. Generator: sfc32 (Chris Doty-Humphrey, PractRand), 16 rounds of warm-up.
 */
export function randomStream(seed: number, name: string): RandomStream {
  let a = hashName(name);
  let b = seed >>> 0;
  let c = Math.floor(seed / 2 ** 32) ^ 0x9e3779b9;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 16; i++) next();
  return { next };
}

/** Standard normal draw (Box and Muller, one of the pair). */
export function normal(stream: RandomStream): number {
  const radius = Math.sqrt(-2 * Math.log(1 - stream.next()));
  return radius * Math.cos(2 * Math.PI * stream.next());
}

/** Exponential draw of mean 1. */
export function exponential(stream: RandomStream): number {
  return -Math.log(1 - stream.next());
}

/** Gamma draw with the given shape and mean `shape` (Marsaglia and Tsang 2000; boosted below shape 1). */
export function gamma(stream: RandomStream, shape: number): number {
  if (shape < 1) return gamma(stream, shape + 1) * (1 - stream.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(stream);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - stream.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
