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
    expect(await this.violations(), name).toEqual([]);
    await this.page.setViewportSize({ width: 1440, height: 900 });
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
