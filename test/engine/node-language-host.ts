import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import * as language from "@pulumi/pulumi/proto/language_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";

/**
 * Stand-in for `pulumi-language-nodejs`, which cannot be had everywhere: starts the SDK's own Node runtime
 * (`@pulumi/pulumi/cmd/run`) with the same arguments and environment, so that `pulumi preview` runs the program as
 * Pulumi.yaml says: `main`, `typescript: false` and `nodeargs` included.
 */

/** Exit status of the runtime when it has told the user already what was wrong. */
const ALREADY_LOGGED = 32;

type Call<Request, Response> = grpc.handleUnaryCall<Request, Response>;

const run: Call<messages.RunRequest, messages.RunResponse> = (call, callback) => {
  const request = call.request;
  const options = (request.getInfo()?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>;
  const nodeArguments = typeof options.nodeargs === "string" ? options.nodeargs.split(" ") : [];
  const child = spawn(
    process.execPath,
    [
      ...nodeArguments,
      require.resolve("@pulumi/pulumi/cmd/run"),
      ...["--monitor", request.getMonitorAddress(), "--engine", process.argv.at(-1) ?? ""],
      ...["--organization", request.getOrganization(), "--project", request.getProject()],
      ...["--stack", request.getStack(), "--parallel", `${request.getParallel()}`, "--pwd", request.getPwd()],
      ...(request.getDryrun() ? ["--dry-run"] : []),
      request.getInfo()?.getEntryPoint() ?? ".",
    ],
    {
      cwd: request.getPwd(),
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        PULUMI_NODEJS_TYPESCRIPT: `${options.typescript !== false}`,
      },
    },
  );
  child.on("close", (code) => {
    const response = new messages.RunResponse();
    if (code === ALREADY_LOGGED) response.setBail(true);
    else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${code}`);
    callback(null, response);
  });
};

function serve(): void {
  const server = new grpc.Server();
  const unary =
    <Response>(answer: () => Response): Call<unknown, Response> =>
    (_call, callback) =>
      callback(null, answer());
  const pluginInfo = () => {
    const info = new PluginInfo();
    info.setVersion("3.248.0");
    return info;
  };
  server.addService(language.LanguageRuntimeService as unknown as grpc.ServiceDefinition, {
    handshake: unary(() => new messages.LanguageHandshakeResponse()),
    getPluginInfo: unary(pluginInfo),
    getRequiredPlugins: unary(() => new messages.GetRequiredPluginsResponse()),
    getRequiredPackages: unary(() => new messages.GetRequiredPackagesResponse()),
    about: unary(() => new messages.AboutResponse()),
    run: run as unknown as Call<unknown, unknown>,
  });
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
  });
}

/** Puts the stand-in into `folder` under the name by which the engine looks for it on PATH. */
export async function installNodeLanguageHost(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const command = [process.execPath, "--import", require.resolve("tsx"), __filename, "--serve"];
  const quoted = command.map((word) => `'${word}'`).join(" ");
  await writeFile(join(folder, "pulumi-language-nodejs"), `#!/bin/sh\nexec ${quoted} "$@"\n`, {
    mode: 0o755,
  });
}

if (process.argv.includes("--serve")) serve();
