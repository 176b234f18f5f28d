import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A hub of models that gives every file to everybody, until it is told to answer otherwise. */
export interface Hub {
  readonly address: string;
  /** What it was asked since the last call: method, path and the header with the token. */
  received(): { method: string; path: string; authorization: string }[];
  /** The status of all answers from now on. */
  answer(status: number): void;
  close(): void;
}

export async function openHub(): Promise<Hub> {
  let status = 200;
  let asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.writeHead(status).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => {
      const all = asked.map(({ method = "", url = "", headers }) => ({
        method,
        path: url,
        authorization: headers.authorization ?? "",
      }));
      asked = [];
      return all;
    },
    answer: (next) => {
      status = next;
    },
    close: () => server.close(),
  };
}

/** Sets variables of this process; the function that it returns sets them back. */
export function setVariables(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
