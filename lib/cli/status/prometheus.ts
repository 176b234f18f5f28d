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
  const query = new URLSearchParams({ query: expression });
  try {
    const response = await fetch(`${base.replace(/\/+$/, "")}/api/v1/query?${query}`, {
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    return await response.json();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw noPrometheus(base, `no answer (${cause instanceof Error ? cause.message : String(cause)})`);
  }
}

const noPrometheus = (base: string, message: string) =>
  new UserError({
    code: "no-prometheus",
    where: base,
    message,
    hint: "give --prometheus the URL of a Prometheus that this machine reaches, such as http://127.0.0.1:9090",
  });
