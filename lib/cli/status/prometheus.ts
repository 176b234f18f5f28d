import { z } from "zod";
import { UserError } from "../../config";

/** One series at one time: its labels, `__name__` among them, and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LIMIT_MS = 10_000;

/** Prometheus's answer to an instant query (its HTTP API, v1). */
const answer = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});

/** What an expression is at this moment. Throws `UserError` for a Prometheus that does not answer, or is none. */
export async function instantQuery(base: string, expression: string): Promise<readonly Sample[]> {
  const body = await ask(base, expression);
  const parsed = answer.safeParse(body);
  if (!parsed.success) throw noPrometheus(base, "answers, but not as Prometheus does");
  return parsed.data.data.result.map(({ metric, value: [, value] }) => ({
    labels: metric,
    value: Number(value),
  }));
}

async function ask(base: string, expression: string): Promise<unknown> {
  const { url, headers } = endpoint(base);
  const query = new URLSearchParams({ query: expression });
  const answer = await fetch(`${url}/api/v1/query?${query}`, {
    headers,
    signal: AbortSignal.timeout(LIMIT_MS),
  })
    .then(async (response) => ({ response, text: await response.text() }))
    .catch((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw noPrometheus(base, `no answer (${cause instanceof Error ? cause.message : String(cause)})`);
    });
  const { status, ok } = answer.response;
  if (status === 401 || status === 403)
    throw noPrometheus(base, `answers ${status}: it wants a user, as in https://user:password@host`);
  if (!ok) throw noPrometheus(base, `answers ${status}, not as Prometheus does`);
  try {
    return JSON.parse(answer.text);
  } catch {
    throw noPrometheus(base, "answers, but not as Prometheus does");
  }
}

/** A URL without what comes before its host, which goes into a header; fetch takes none in the URL. */
function endpoint(base: string): {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  if (!/^https?:/i.test(base) || !URL.canParse(base))
    throw noPrometheus(base, "is no URL with http or https");
  const url = new URL(base);
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    headers: user === ":" ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` },
  };
}

/** A URL as it may be shown: without a user and a password. */
export const withoutUser = (base: string): string => base.replace(/\/\/[^/]*@/, "//");

const noPrometheus = (base: string, message: string) =>
  new UserError({
    code: "no-prometheus",
    where: withoutUser(base),
    message,
    hint: "give --prometheus the URL of a Prometheus that this machine reaches, such as http://127.0.0.1:9090",
  });
