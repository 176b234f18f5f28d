/** Says on standard error, with the time since the start, what takes longer than a moment. */
export type Progress = (line: string) => void;

const startMs = Date.now();

export const progress: Progress = (line) => {
  const seconds = Math.round((Date.now() - startMs) / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  process.stderr.write(`[${clock.padStart(5)}] ${line}\n`);
};
