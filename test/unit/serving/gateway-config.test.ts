import assert from "node:assert/strict";
import { endpointUrl, gatewayConfig } from "../../../lib/serving";
import { planOf } from "./plan-fixture";

describe("gatewayConfig", () => {
  it("lets through completions and the model list, and answers everything else with 404", () => {
    const text = gatewayConfig(planOf(), "203.0.113.7");
    const proxied = [...text.matchAll(/reverse_proxy @(\w+)/g)].map(([, name]) => name);
    assert.deepEqual(proxied, ["health", "models", "listed"]);
    assert.match(text, /path \/v1\/chat\/completions \/v1\/completions$/m);
    // `route` keeps the order: whoever comes this far has asked for something that is not listed.
    assert.ok(
      text.indexOf("error 404") > text.lastIndexOf("reverse_proxy"),
      'not so: text.indexOf("error 404") > text.lastIndexOf("reverse_proxy")',
    );
  });

  it("sends everything to the balancer, which asks for the key, and nothing past it to vLLM", () => {
    const text = gatewayConfig(planOf(), "203.0.113.7");
    const places = [...text.matchAll(/reverse_proxy @\w+ (\S+)/g)].map(([, place]) => place);
    assert.deepEqual(new Set(places), new Set(["127.0.0.1:7999"]));
  });

  it("makes its own certificate for an address, and proves a name on its own port", () => {
    assert.match(
      gatewayConfig(planOf(), "203.0.113.7"),
      /^https:\/\/203\.0\.113\.7:443 \{\n\ttls internal$/m,
    );
    const named = gatewayConfig(planOf({ gateway: { domain: "llm.example.com" } }), "203.0.113.7");
    assert.match(
      named,
      /^https:\/\/llm\.example\.com:443 \{\n\ttls \{\n\t\tissuer acme \{\n\t\t\tdisable_http_challenge/m,
    );
  });

  it("welcomes the configured ranges and the host itself, which verifies the service", () => {
    const text = gatewayConfig(planOf({ gateway: { allowedCidrs: ["192.0.2.0/24"] } }), "203.0.113.7");
    assert.match(text, /@stranger not remote_ip 127\.0\.0\.1\/32 192\.0\.2\.0\/24$/m);
  });
});

describe("endpointUrl", () => {
  it("leaves out the usual port and prefers the public name", () => {
    assert.equal(endpointUrl(planOf(), "203.0.113.7"), "https://203.0.113.7");
    assert.equal(endpointUrl(planOf({ gateway: { port: 8443 } }), "203.0.113.7"), "https://203.0.113.7:8443");
    const named = planOf({ gateway: { domain: "llm.example.com" } });
    assert.equal(endpointUrl(named, "203.0.113.7"), "https://llm.example.com");
  });
});
