/** Colours of stacked parts, in their order: CSS variables of the page, so that light and dark each have their own. */
export function partColors(parts: number): string[] {
  return Array.from({ length: parts }, (_, index) => `var(--part-${index % 8})`);
}
