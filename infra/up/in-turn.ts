import { zoneAskedLast } from "../aws/tried-zones";

/** How one `pulumi up` has ended. */
export interface Ended {
  readonly isUp: boolean;
  /** All that it printed. */
  readonly output: string;
}

/** AWS's word for a zone without a free machine. */
const NONE_FREE = "InsufficientInstanceCapacity";

/** More zones than any region has. */
const MOST_ZONES = 16;

/**
 * Runs `up` until it succeeds or fails for another reason than a zone without a free machine. Each time `up` gets the
 * zones that have just had none; the program takes the next one, and ends with one line when there is none left.
 */
export async function upInTurn(
  up: (triedZones: readonly string[]) => Promise<Ended>,
  say: (line: string) => void,
): Promise<boolean> {
  const tried: string[] = [];
  while (tried.length < MOST_ZONES) {
    const { isUp, output } = await up(tried);
    if (isUp) return true;
    const zone = output.includes(NONE_FREE) ? zoneAskedLast(output) : undefined;
    if (zone === undefined || tried.includes(zone)) return false;
    tried.push(zone);
    say(`${zone} has no machine free (attempt ${tried.length}); the next zone is tried`);
  }
  return false;
}
