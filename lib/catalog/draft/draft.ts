import type { ModelArchitecture } from "../types";

/** What drafts tokens beside a model. */
export interface Draft {
  readonly method: "mtp" | "eagle3" | "draft_model";
  /** Repository that hosts download; absent where the model's own checkpoint holds it. */
  readonly name?: string;
  /** Its layers as a model of their own. Of a module or a head only what it does not share with the model is in its tensors. */
  readonly model: ModelArchitecture;
  /** It holds embedding and output projection of its own; else what `model.tensors.layers` lists is all that it adds. */
  readonly isWhole: boolean;
  /** Weights are quantised as the model's are, while loading too. */
  readonly quantizedAsModel: boolean;
  /** The product that joins the model's hidden state with the drafter's input. */
  readonly joins?: {
    readonly outputs: number;
    readonly inputs: number;
    /** Run for every draft token; else once a step, for all its tokens. */
    readonly everyPass: boolean;
  };
  /** Copies of the hidden state that are kept for the drafter beside a step, in elements of a token. */
  readonly keptElements: number;
  /** vLLM finds no embedding for it on the last of several stages, and refuses. */
  readonly needsFirstStage: boolean;
}
