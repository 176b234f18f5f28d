import { ENVIRONMENT_PATH } from "../python-environment";
import type { LocalHost, LocalHosts } from "./local-hosts";
import { runOnHost } from "./run-on-host";

const SECONDS = 15;

/**
 * Listens at each port that greets as ZeroMQ does, as whoever vLLM's own sockets may take for a peer, and asks each for a
 * completion over HTTP. One line for each port that hands out a message or an answer of vLLM's interface (Ray's metrics
 * have a page for every path).
 */
const LISTEN = `
import concurrent.futures, itertools, socket, sys, time, urllib.request, zmq
address, ports = sys.argv[1], sys.argv[2].split()
context, poller, names = zmq.Context(), zmq.Poller(), {}

def greets(port):
    try:
        with socket.create_connection((address, int(port)), timeout=2) as connection:
            return connection.recv(1) == b"\\xff"
    except OSError:
        return False

for port in filter(greets, ports):
    for kind in (zmq.SUB, zmq.PULL, zmq.DEALER, zmq.PAIR):
        peer = context.socket(kind)
        peer.linger = 0
        if kind == zmq.SUB:
            peer.subscribe(b"")
        peer.connect(f"tcp://{address}:{port}")
        poller.register(peer, zmq.POLLIN)
        names[peer] = port
print("listening", flush=True)
QUESTIONS = (("/v1/completions", b'{"prompt": "Hello", "max_tokens": 1}'), ("/v1/models", None))

def ask(at):
    port, (path, data) = at
    try:
        request = urllib.request.Request(f"http://{address}:{port}{path}", data, {"Content-Type": "application/json"})
        if b'"object"' in urllib.request.urlopen(request, timeout=5).read():
            return f"port {port} answers {path}"
    except Exception:
        return None

# Side by side: a port of gRPC lets each wait to its end.
with concurrent.futures.ThreadPoolExecutor(32) as pool:
    heard = set(filter(None, pool.map(ask, itertools.product(ports, QUESTIONS))))
end = time.time() + ${SECONDS}
while time.time() < end:
    for peer, _ in poller.poll(1000):
        said = b"".join(peer.recv_multipart())
        heard.add(f"port {names[peer]} hands out {said[:60]}")
        poller.unregister(peer)
print("\\n".join(sorted(heard)))
`;

/** What a user without rights or keys on one host gets to hear from another host while that one serves. */
export async function eavesdrop(hosts: LocalHosts, from: LocalHost, at: LocalHost): Promise<string[]> {
  const { stdout: listening } = await runOnHost(
    hosts,
    at,
    "ss -ltnH | awk '{print $4}' | grep -v '^127\\.' | sed 's/.*://' | sort -un | xargs",
  );
  const { stdout } = await runOnHost(
    hosts,
    from,
    `runuser -u nobody -- ${ENVIRONMENT_PATH}/bin/python - ${at.address} '${listening.trim()}' <<'PYTHON'
${LISTEN}
PYTHON`,
  );
  const [first, ...heard] = stdout.split("\n").filter(Boolean);
  if (first !== "listening") throw new Error(`nobody listened: ${stdout}`);
  return heard.map((line) => `${at.name}: ${line}`);
}
