import assert from "node:assert/strict";
import { createServer } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { EngineClient, EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { SetRootResourceRequest, SetRootResourceResponse } from "@pulumi/pulumi/proto/engine_pb";
import { connectionOptions, makeInlineProgramsSafe } from "../../rehearsal/inline-programs";

/** A port of this machine on which nobody listens. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** An engine that answers the first question of every program. */
const engineAt = (port: number): Promise<grpc.Server> =>
  new Promise((resolve, reject) => {
    const server = new grpc.Server();
    server.addService(EngineService, {
      setRootResource: (_: unknown, answer: grpc.sendUnaryData<SetRootResourceResponse>) =>
        answer(null, new SetRootResourceResponse()),
    });
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error) => (error ? reject(error) : resolve(server)));
  });

describe("many inline programs in one process", () => {
  it("reach an engine at a port that one which was killed has had", async () => {
    makeInlineProgramsSafe();
    const port = await freePort();
    const clients: EngineClient[] = [];
    const ask = () => {
      const client = new EngineClient(
        `127.0.0.1:${port}`,
        grpc.credentials.createInsecure(),
        connectionOptions,
      );
      clients.push(client);
      return new Promise<string>((resolve) =>
        client.setRootResource(new SetRootResourceRequest(), (error) =>
          resolve(error?.message ?? "answered"),
        ),
      );
    };
    assert.match(await ask(), /ECONNREFUSED/);
    const engine = await engineAt(port);
    assert.equal(await ask(), "answered");
    for (const client of clients) client.close();
    engine.forceShutdown();
  });
});
