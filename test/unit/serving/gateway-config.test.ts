import assert from "node:assert/strict";
import {
  basePackages,
  certificateUnit,
  endpointUrl,
  firewallRules,
  gatewayConfig,
  openPaths,
} from "../../../lib/serving";
import { planOf } from "./plan-fixture";

const LOCAL = ["127.0.0.1"];
const NAMED = { gateway: { domain: "llm.example.com" } };

describe("gatewayConfig", () => {
  const plan = planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 } });
  const text = gatewayConfig(plan, ["127.0.0.1", "10.0.0.2"]);

  it("lets through completions, responses and the model list, and answers everything else with 404", () => {
    assert.deepEqual(openPaths(plan), ["/v1/chat/completions", "/v1/completions", "/v1/responses"]);
    assert.match(
      text,
      /return status 404 .* unless \{ method POST \} \{ path \/v1\/chat\/completions \/v1\/completions \/v1\/responses \} or \{ method GET \} \{ path \/v1\/models \}$/m,
    );
    const wider = planOf({ gateway: { extraPaths: ["/tokenize"] } });
    assert.match(
      gatewayConfig(wider, LOCAL),
      /\{ path \/v1\/chat\/completions \/v1\/completions \/tokenize \}/,
    );
  });

  it("listens with TLS for clients, without it on loopback alone", () => {
    const binds = [...text.matchAll(/^\tbind (.*)$/gm)].map(([, place]) => place);
    const tls = "ssl crt /etc/shardplan/gateway/certificate.pem alpn h2,http/1.1";
    assert.deepEqual(binds, [
      `:443 ${tls}`,
      `:::443 v6only ${tls}`,
      "127.0.0.1:7998",
      "127.0.0.1:7996",
      "unix@/run/shardplan-gateway/status mode 600",
    ]);
  });

  it("sends to the least busy server, on both hosts, and elsewhere what has not begun", () => {
    assert.match(text, /^\tbalance leastconn$/m);
    assert.match(text, /^\tserver server-0 127\.0\.0\.1:8000 check$/m);
    assert.match(text, /^\tserver server-1 10\.0\.0\.2:8000 check$/m);
    assert.match(text, /^\tretry-on conn-failure empty-response 500 503$/m);
  });

  it("asks one server no second time what it has refused", () => {
    assert.match(gatewayConfig(planOf(), LOCAL), /^\tretry-on conn-failure empty-response$/m);
  });

  it("gives a check longer than a full server lets a request wait, so that an overload takes none out", () => {
    // Twice the target of 1 s, and room: three seconds, and never below five.
    assert.match(text, /^\ttimeout check 5s$/m);
    const patient = planOf({ slo: { firstToken: { p50Ms: 2000, p99Ms: 4000 } } });
    assert.match(gatewayConfig(patient, LOCAL), /^\ttimeout check 12s$/m);
  });

  it("holds a prompt of the longest length in memory, or it could not be sent a second time", () => {
    const bytes = Number(/tune\.bufsize (\d+)/.exec(text)?.[1]);
    assert.ok(bytes >= 8 * plan.serving.maxModelLen, `${bytes} bytes`);
  });

  it("holds no key", () => {
    assert.match(text, /map_str\(\/etc\/shardplan\/gateway\/keys\.map\)/);
    assert.match(text, /"Bearer %\[str\(engine\),map_str\(\/etc\/shardplan\/gateway\/engine\.map\)\]"/);
  });

  it("welcomes the configured ranges and the host itself, which verifies the service", () => {
    const narrow = gatewayConfig(planOf({ gateway: { allowedCidrs: ["192.0.2.0/24"] } }), LOCAL);
    assert.match(narrow, /^\tacl inside src 127\.0\.0\.0\/8 ::1$/m);
    assert.match(narrow, /^\tacl welcome src 192\.0\.2\.0\/24$/m);
    assert.match(narrow, /return status 403 .* unless inside or welcome$/m);
  });

  it("counts nothing without limits, and only what a limit needs with one", () => {
    assert.ok(!/429|stick-table|track-sc0/.test(text), text);
    const one = gatewayConfig(planOf({ gateway: { concurrentRequestsPerKey: 4 } }), LOCAL);
    assert.match(one, /sc0_conn_cur\(limits\) gt 4 \}$/m);
    assert.ok(!one.includes("sc-inc-gpc0"), one);
    const other = gatewayConfig(planOf({ gateway: { requestsPerMinutePerKey: 120 } }), LOCAL);
    assert.match(other, / hdr Retry-After 1 if \{ sc0_gpc0_rate\(limits\) ge 120 \}$/m);
  });
});

describe("the gateway's certificate", () => {
  it("is of the host's own authority for an address, and of a public one for a name", () => {
    const own = certificateUnit(planOf(), "203.0.113.7");
    assert.match(own, /^Environment=KIND=internal\nEnvironment=NAME=203\.0\.113\.7$/m);
    const named = certificateUnit(planOf(NAMED), "203.0.113.7");
    assert.match(named, /^Environment=KIND=acme\nEnvironment=NAME=llm\.example\.com$/m);
  });

  it("is proved on port 80, which is closed and unused without a name", () => {
    const [named, own] = [planOf(NAMED), planOf()];
    assert.match(gatewayConfig(named, LOCAL), /^\tbind :80$/m);
    assert.match(gatewayConfig(named, LOCAL), /^\tserver certbot 127\.0\.0\.1:7997$/m);
    assert.ok(!/:80$|certbot/m.test(gatewayConfig(own, LOCAL)), "no port 80");
    assert.match(firewallRules(named, { port: 22 }, []), /tcp dport \{ 22, 80, 443 \} accept/);
    assert.match(firewallRules(own, { port: 22 }, []), /tcp dport \{ 22, 443 \} accept/);
    assert.ok(basePackages(named).includes("certbot") && !basePackages(own).includes("certbot"), "certbot");
  });
});

describe("endpointUrl", () => {
  it("leaves out the usual port and prefers the public name", () => {
    assert.equal(endpointUrl(planOf(), "203.0.113.7"), "https://203.0.113.7");
    assert.equal(endpointUrl(planOf({ gateway: { port: 8443 } }), "203.0.113.7"), "https://203.0.113.7:8443");
    assert.equal(endpointUrl(planOf(NAMED), "203.0.113.7"), "https://llm.example.com");
  });
});
