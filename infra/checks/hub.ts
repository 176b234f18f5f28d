import { hubAddress, isGated } from "../../lib/catalog";
import type { Deployment } from "../../lib/config";
import type { Secrets } from "../configuration";
import type { Finding } from "./finding";
import { plain } from "./plain";

const SECONDS = 10;

/**
 * Asks the hub whether the stack's token may read the model's files: the download comes last, on a machine that has
 * installed all the rest. One HEAD request; the token goes into its header and nowhere else.
 */
export async function lookAtHub(
  { model, aws }: Deployment,
  { huggingFaceToken }: Pick<Secrets, "huggingFaceToken">,
): Promise<Finding | undefined> {
  if (model.source !== "hub") return undefined;
  if (aws.huggingFaceTokenSecret !== undefined) {
    return {
      verdict: "passes",
      text: "the hub was not asked: only the machines read aws.huggingFaceTokenSecret",
    };
  }
  if (isGated(model.name) && huggingFaceToken === undefined) return fails(noToken(model.name));
  if (/^(1|true|on|yes)$/i.test(process.env.HF_HUB_OFFLINE ?? "")) throw new Error("HF_HUB_OFFLINE is set");
  const token = huggingFaceToken === undefined ? undefined : await plain(huggingFaceToken);
  const { status } = await fetch(hubAddress(model, "config.json"), {
    method: "HEAD",
    // A file may lie elsewhere; that the hub says where is all that is asked.
    redirect: "manual",
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(SECONDS * 1000),
  });
  if (status < 400) return { verdict: "passes", text: `the hub gives ${model.name} to this token` };
  const problem = PROBLEMS[status];
  if (problem === undefined) throw new Error(`the hub answers ${status}`);
  return fails(problem({ ...model, hasToken: token !== undefined }));
}

const fails = (text: string): Finding => ({ verdict: "fails", text });

const HOW_TO_SET = "pulumi config set --secret shardplan:huggingFaceToken";

const noToken = (name: string): string =>
  `shardplan:huggingFaceToken: is not set, and the hub gives ${name} only to accounts that accepted its licence; ` +
  `accept it on https://huggingface.co/${name}, then: ${HOW_TO_SET}; or set shardplan:model.source to bucket or path`;

interface AskedModel {
  readonly name: string;
  readonly revision: string;
  readonly hasToken: boolean;
}

/** What the hub means by a status, and what to do. */
const PROBLEMS: Record<number, (model: AskedModel) => string> = {
  401: ({ name, hasToken }) =>
    hasToken
      ? `shardplan:huggingFaceToken: the hub does not know the token, or has no ${name}; set a valid one: ${HOW_TO_SET}`
      : noToken(name),
  403: ({ name }) =>
    `shardplan:huggingFaceToken: the account of this token has not accepted the licence of ${name}; accept it on ` +
    `https://huggingface.co/${name}, and let a fine-grained token read gated repositories`,
  404: ({ name, revision }) =>
    `model.name: the hub has no config.json of ${name} at revision ${revision}; correct model.name or model.revision`,
};
