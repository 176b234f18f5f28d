/** A moment of a step: a command of it that is about to run, reached on one way through the step's functions. */
export interface Moment {
  /** What trap.sh knows it by. */
  readonly at: string;
  /** The command, as it is written. */
  readonly command: string;
  /** How long the command took, undisturbed. */
  readonly seconds: number;
}

/** Where a step is killed: at a moment, or some seconds after it. */
export interface Blow {
  readonly moment: Moment;
  readonly afterSeconds: number;
}

/** Words and programs that change nothing outside the shell. */
const LOOKS =
  /^(local|case|for|shift|return|true|declare|trap|break|continue|read|mapfile|compgen|\[\[?|\(\(|echo|printf|\w+\+?=|cat|stat|id|sed -n|awk|grep|head|tail|cut|wc|tr|sort|xargs|dirname|find [^-]*-L|sha256sum|ss|ip|ps|getent|dpkg-query|df|du|date|systemctl (show|is-))/;

/** Whether a command may change something: to be killed before one that does not is to be killed before the next that does. */
function mayChange(command: string): boolean {
  const kept = command.replaceAll(/[12&]?>+ ?(\/dev\/null|&?[12]\b)/g, "");
  return !LOOKS.test(kept) || kept.includes(">");
}

/** An undisturbed run of a step. */
export interface Course {
  /** Of those that come again, the first. */
  readonly moments: readonly Moment[];
  readonly seconds: number;
}

/** The course of a step, of which trap.sh noted each command in a line. */
export function readCourse(noted: string): Course {
  const lines = noted.split("\n").flatMap((line) => {
    const [time, at] = [line.slice(0, line.indexOf("\t")), line.slice(line.indexOf("\t") + 1)];
    return line.includes("\t") ? [{ time: Number(time), at }] : [];
  });
  const moments = new Map<string, Moment>();
  for (const [index, { time, at }] of lines.entries()) {
    const command = at.replace(/^[\d ]+/, "");
    // The call of a function stands twice: where it is called, and where the function begins.
    const isCall = lines[index + 1]?.at.endsWith(` ${at}`) || at.endsWith(` ${lines[index - 1]?.at}`);
    if (moments.has(at) || isCall || !mayChange(command)) continue;
    const seconds = Math.max(0, (lines[index + 1]?.time ?? time) - time);
    moments.set(at, { at, command, seconds });
  }
  return { moments: [...moments.values()], seconds: (lines.at(-1)?.time ?? 0) - (lines[0]?.time ?? 0) };
}

/** A command that takes less is killed before it begins. */
const WORTH_WAITING_SECONDS = 0.05;

/** One of the moments, each as likely; in the midst of a command, every other time, where it takes long enough. */
export function chooseBlow({ moments }: Course, next: () => number): Blow {
  const moment = moments[Math.floor(next() * moments.length)];
  if (moment === undefined) throw new Error("a step without a single command");
  const midst = next() < 0.5 && moment.seconds >= WORTH_WAITING_SECONDS;
  return { moment, afterSeconds: midst ? Number((next() * moment.seconds).toFixed(3)) : 0 };
}
