/** Forms that the same text may give within an hour: a list that is read from elsewhere may change now and then. */
const FORMS_AN_HOUR = 3;
const HOUR_MS = 3_600_000;

/**
 * Notices files that say something else each time they are read (ids by `Math.random()`, a start by `Date.now()`): the same bundle
 * gives more than three different forms within an hour. Without this each look would make a version.
 */
export class FormHistory {
  readonly #files = new Map<string, { bundle: string; forms: Map<string, number> }>();

  /** Notes a form and tells whether the file is deterministic so far. An edit, which makes another bundle, begins anew. */
  note(file: string, bundle: string, form: string, now: number): boolean {
    let history = this.#files.get(file);
    if (history?.bundle !== bundle) {
      history = { bundle, forms: new Map() };
      this.#files.set(file, history);
    }
    history.forms.set(form, now);
    for (const [seen, at] of history.forms) if (now - at >= HOUR_MS) history.forms.delete(seen);
    // What is over the limit need not be remembered twice over.
    while (history.forms.size > FORMS_AN_HOUR * 2) history.forms.delete(history.forms.keys().next().value!);
    return history.forms.size <= FORMS_AN_HOUR;
  }

  forget(file: string): void {
    this.#files.delete(file);
  }
}
