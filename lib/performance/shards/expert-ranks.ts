/** Ranks that a token is expected to visit when its `active` experts are drawn evenly over `ranks`. */
export const distinctRanks = (ranks: number, active: number): number =>
  ranks * (1 - (1 - 1 / ranks) ** active);
