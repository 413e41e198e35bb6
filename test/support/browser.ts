import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { findChromium } from '../../scripts/chromium.mjs';

/** Where pictures of pages go: people look at them. */
const SHOTS = join('coverage', 'screenshots');

/** How long a page may take to show what it is asked for; also of `expect.poll`. */
export const PATIENT = { timeout: 30_000 };

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A Chromium with one window, and what its console complained of. */
export class TestBrowser implements AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the console and uncaught ones of the page; what a test brings about on purpose it takes out. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser, context: BrowserContext, page: Page) {
    this.#browser = browser;
    this.context = context;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
  }

  static async launch(): Promise<TestBrowser> {
    await mkdir(SHOTS, { recursive: true });
    const browser = await chromium.launch({ executablePath: findChromium()!, args: FLAGS });
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
    // What takes longer has failed: a test then says at which step.
    context.setDefaultTimeout(PATIENT.timeout);
    return new TestBrowser(browser, context, await context.newPage());
  }

  async logIn(url: string, name: string, password: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByLabel(/name/i).fill(name);
    await this.page.getByLabel(/password/i).fill(password);
    await this.page.getByRole('button', { name: /sign in/i }).click();
    await this.page.getByRole('link', { name: 'DAGs', exact: true }).waitFor();
    // Whoever is not signed in is told so by a 401, which the console reports.
    this.complaints.length = 0;
  }

  /** Pictures the page in light and dark, and asks axe about it. */
  async look(name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme });
      await this.#settled();
      await this.page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}.png`), animations: 'disabled' });
    }
    // Dark differs in colours alone.
    expect(await this.violations('color-contrast'), `${name} in dark`).toEqual([]);
    await this.page.emulateMedia({ colorScheme: 'light' });
    expect(await this.violations(), name).toEqual([]);
  }

  /** The same at the width of a telephone: nothing may stand out of the page. */
  async lookNarrow(name: string): Promise<void> {
    await this.page.setViewportSize({ width: 375, height: 740 });
    await this.#settled();
    await this.page.screenshot({ path: join(SHOTS, `${name}-375.png`), animations: 'disabled' });
    const tooWide = await this.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(tooWide, `${name} is too wide by`).toBeLessThanOrEqual(0);
    const cut = await this.page.evaluate<number>(PANEL_BEYOND);
    expect(cut, `a panel of ${name} is too wide by`).toBeLessThanOrEqual(0);
    expect(await this.violations(), name).toEqual([]);
    await this.page.setViewportSize({ width: 1440, height: 900 });
  }

  /** The same at 200 % zoom: nothing may stand out of the page, and no control may lie under another. */
  async lookZoomed(name: string): Promise<void> {
    await this.page.setViewportSize({ width: 720, height: 450 });
    await this.#settled();
    await this.page.screenshot({ path: join(SHOTS, `${name}-zoomed.png`), animations: 'disabled' });
    const tooWide = await this.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(tooWide, `${name} is too wide by`).toBeLessThanOrEqual(0);
    expect(await this.page.evaluate<string[]>(COVERED_CONTROLS), `covered in ${name}`).toEqual([]);
    await this.page.setViewportSize({ width: 1440, height: 900 });
  }

  /** The same in the colours that a person forces on every page: what is told by a colour of ours must still be seen. */
  async lookForced(name: string): Promise<void> {
    await this.page.emulateMedia({ forcedColors: 'active' });
    await this.#settled();
    await this.page.screenshot({ path: join(SHOTS, `${name}-forced.png`), animations: 'disabled' });
    expect(await this.page.evaluate<string[]>(INVISIBLE_MARKS), `invisible in ${name}`).toEqual([]);
    await this.page.emulateMedia({ forcedColors: 'none' });
  }

  /** What axe finds of WCAG 2 A and AA, or of one rule. */
  async violations(rule?: string): Promise<string[]> {
    // Legacy mode stays in this page; the other opens a second one each time, for frames that we do not have.
    const axe = new AxeBuilder({ page: this.page }).setLegacyMode();
    const { violations } = await (rule ? axe.withRules(rule) : axe.withTags(['wcag2a', 'wcag2aa'])).analyze();
    return violations.map(({ id, nodes }) => `${id} (${nodes[0]?.html})`);
  }

  /** Two frames: what was rendered is drawn. */
  async #settled(): Promise<void> {
    await this.page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** How far what is in a panel or a dialog goes on beyond its right edge. */
const PANEL_BEYOND = `Math.max(0, ...[...document.querySelectorAll('.side-panel > *, .dialog > *')]
  .map((part) => part.scrollWidth - part.clientWidth))`;

/** Controls whose middle is in sight and belongs to something else. */
const COVERED_CONTROLS = `(() => {
  const inSight = (element) => {
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) return null;
    const at = { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    for (let around = element; around; around = around.parentElement) {
      const clips = around === document.documentElement || getComputedStyle(around).overflow !== 'visible';
      const frame = around === document.documentElement ? { left: 0, top: 0, right: innerWidth, bottom: innerHeight } : around.getBoundingClientRect();
      if (clips && (at.x < frame.left || at.x > frame.right || at.y < frame.top || at.y > frame.bottom)) return null;
    }
    return at;
  };
  return [...document.querySelectorAll('button, a[href], input, select, textarea, [role="separator"]')].flatMap((control) => {
    if (control.closest('.skip-link, .sr-only, .grid-sheet, [aria-hidden="true"]')) return [];
    const at = inSight(control);
    if (at === null) return [];
    const top = document.elementFromPoint(at.x, at.y);
    const isOwn = top !== null && (control.contains(top) || top.contains(control) || top.closest('label')?.contains(control));
    return isOwn ? [] : [control.outerHTML.slice(0, 90) + ' under ' + (top?.outerHTML ?? '').slice(0, 90)];
  });
})()`;

/** Marks that are drawn by their background alone, and have lost it. */
const INVISIBLE_MARKS = `(() => {
  const page = getComputedStyle(document.body).backgroundColor;
  return [...document.querySelectorAll('.run-mark, .slot-cells i[data-state], .run-bars i, .grid-bar i, .bar, .progress i, .slot-strip i, .slot-bar i, .grid-dot, .state-square')].flatMap((mark) => {
    const box = mark.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) return [];
    const { backgroundColor, backgroundImage, borderTopStyle } = getComputedStyle(mark);
    const isSeen = backgroundImage !== 'none' || borderTopStyle !== 'none' || (backgroundColor !== page && backgroundColor !== 'rgba(0, 0, 0, 0)');
    return isSeen ? [] : [mark.outerHTML.slice(0, 120)];
  });
})()`;
