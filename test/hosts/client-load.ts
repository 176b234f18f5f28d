import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import type { OutputMap } from "@pulumi/pulumi/automation";

/** Completions that clients ask of a service, one after the other each, until they are told to stop. */
export interface ClientLoad {
  /** Requests that are answered. */
  answered(): number;
  /** Waits until so many more are answered. */
  more(count: number): Promise<void>;
  /** Lets the requests that run end. What went wrong with those that were lost: nothing, when all is well. */
  stop(): Promise<{ answered: number; lost: string[] }>;
}

/** How long a client waits for an answer: longer than an engine may be stopped until it is noticed. */
const PATIENCE_MS = 240_000;

interface LoadOptions {
  /** Asked for each request. */
  readonly key: () => string;
  readonly clients: number;
  /** Every second request is a stream, which is whole only with its last line. */
  readonly streamed: boolean;
  /** Which of the stack's gateways, counted from 0. */
  readonly at: number;
}

export function startLoad(outputs: OutputMap, { key, clients, streamed, at }: LoadOptions): ClientLoad {
  const agent = new Agent({ keepAlive: true, ca: String(outputs.certificateAuthority?.value) });
  const endpoints: unknown = outputs.endpoints?.value;
  const url = `${Array.isArray(endpoints) ? endpoints[at] : undefined}/v1/completions`;
  const lost: string[] = [];
  let answered = 0;
  let sent = 0;
  let ends = false;
  const ask = (stream: boolean) =>
    new Promise<void>((resolve) => {
      const give = (why?: string) => {
        if (why === undefined) answered += 1;
        else lost.push(why);
        resolve();
      };
      const headers = { authorization: `Bearer ${key()}`, "content-type": "application/json" };
      const call = request(url, { method: "POST", agent, headers, timeout: PATIENCE_MS }, (response) => {
        const whole = (said: string) =>
          response.statusCode === 200 && (stream ? /data: \[DONE\]\s*$/.test(said) : /"choices"/.test(said));
        text(response).then(
          (said) => give(whole(said) ? undefined : `${response.statusCode} ${said.slice(-300)}`),
          (error: Error) => give(`${stream ? "stream" : "answer"}: ${error.message}`),
        );
      });
      call.on("timeout", () => call.destroy(new Error("no answer in time")));
      call.on("error", (error) => give(error.message));
      const question = { model: outputs.model?.value, prompt: `Plan ${sent}`, max_tokens: 12, stream };
      const body = JSON.stringify({ ...question, ignore_eos: true });
      call.end(body);
    });
  const client = async () => {
    while (!ends) await ask(streamed && ++sent % 2 === 0);
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    answered: () => answered,
    more: async (count) => {
      const until = answered + count;
      while (answered < until && lost.length === 0) await new Promise((done) => setTimeout(done, 200));
    },
    stop: async () => {
      ends = true;
      await running;
      agent.destroy();
      return { answered, lost };
    },
  };
}
