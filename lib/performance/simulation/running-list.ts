import type { Sequence } from "./sequence";

/** Running sequences in the order of their admission, as a doubly linked list: preemption takes the last. */
export class RunningList {
  /** The sequence admitted last. */
  last: Sequence | undefined = undefined;
  /** The one whose prompt is not yet computed. */
  partial: Sequence | undefined = undefined;
  count = 0;

  push(sequence: Sequence): void {
    sequence.previousAdmitted = this.last;
    sequence.nextAdmitted = undefined;
    if (this.last !== undefined) this.last.nextAdmitted = sequence;
    this.last = sequence;
    this.count++;
  }

  remove(sequence: Sequence): void {
    const { nextAdmitted: after, previousAdmitted: before } = sequence;
    if (after !== undefined) after.previousAdmitted = before;
    else this.last = before;
    if (before !== undefined) before.nextAdmitted = after;
    this.count--;
  }
}
