/** Nodes beyond which no other machines are tried. */
export const MOST_NODES = 16;
