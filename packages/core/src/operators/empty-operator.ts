import { Operator } from '../dag/operator.ts';

/**
 * Does nothing: a place where edges meet. Unless it has callbacks or outlets, the scheduler records its success without starting a process.
 */
export class EmptyOperator extends Operator<undefined> {
  override get nothingToDo(): boolean {
    return Object.keys(this.settings.callbacks).length === 0 && this.settings.outlets.length === 0;
  }

  execute(): undefined {
    return undefined;
  }
}
