/** Path of a Chromium; null when there is none and none can be installed, which is then said in words. */
export function ensureChromium(): string | null;
/** Path of a Chromium on this machine; null when there is none. */
export function findChromium(): string | null;
