import type { Plan } from "../strategy";

/** A prompt that any language model completes alike, and the word that its answer has. */
export const GREEDY_QUESTION = {
  prompt: "Question: What is the capital of France?\nAnswer: The capital of France is",
  answer: "Paris",
} as const;

/** Models of random weights, which exist for tests and say nothing that could be checked. */
const RANDOM_MODELS = [/^rehearsal\//, /(^|[/-])tiny-random/i, /-dummy$/i];

/** Whether the model's answer can be checked: a model that was quantised wrongly is fast and talks nonsense. */
export const answersQuestions = ({ deployment: { model } }: Plan): boolean =>
  !RANDOM_MODELS.some((name) => name.test(model.name));
