import type { Gpu } from "../../catalog";

/** What is worked out once for each GPU and key: candidates of a search share most of their kernels. */
export function byGpu<T>(): (gpu: Gpu, key: string, make: () => T) => T {
  const known = new WeakMap<Gpu, Map<string, { readonly value: T }>>();
  return (gpu, key, make) => {
    const ofGpu = known.get(gpu) ?? new Map<string, { readonly value: T }>();
    known.set(gpu, ofGpu);
    const found = ofGpu.get(key) ?? { value: make() };
    ofGpu.set(key, found);
    return found.value;
  };
}
