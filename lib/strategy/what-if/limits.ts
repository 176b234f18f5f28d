/** Nodes beyond which no other machines are tried. */
export const MOST_NODES = 16;

/** Parts of the weights that a deployment holds more than once, such as embeddings, are less than this share of them. */
export const COPIES = 1.25;
