import type { Bar, Picture } from '../result.ts';

const WIDTH = 760;
const LABELS = 270;
/** Room for the figures on the right. */
const FIGURES = 120;
const EDGE = 24;
const ROW = 30;
const BAR = 18;
const TOP = 62;

/** A card of its own colour is readable on a light page and on a dark one, whatever shows it. */
const STYLE = `
.card{fill:#ffffff;stroke:#d0d7de} text{fill:#1f2328} .b{font-weight:600}
.seawall{fill:#0969da} .usual{fill:#bf8700} .control{fill:#8c959f}
.limit{stroke:#cf222e;stroke-width:1.5;stroke-dasharray:4 3} .limit-text{fill:#cf222e;font-size:12px}
`;

/** A bar chart as a file of its own. */
export function svgOf(picture: Picture): string {
  const { title, bars, limit } = picture;
  const greatest = Math.max(...bars.map(({ value }) => value), limit ?? 0);
  const scale = (WIDTH - LABELS - FIGURES) / greatest;
  const bottom = TOP + bars.length * ROW;
  const height = bottom + (limit === undefined ? 12 : 34);
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  const font = `font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="14"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font} role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="b" x="${EDGE}" y="34">${escaped(title)}</text>`,
    ...bars.map((bar, row) => barOf(bar, TOP + row * ROW, scale, picture.format)),
    ...(limit === undefined ? [] : [limitOf(limit, LABELS + limit * scale, bottom, picture.format)]),
    '</svg>\n',
  ].join('\n');
}

function barOf({ label, value, kind }: Bar, y: number, scale: number, format: Picture['format']): string {
  const width = Math.max(value * scale, 1).toFixed(1);
  const middle = y + BAR - 4;
  return [
    `<text x="${LABELS - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${kind}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
    `<text x="${WIDTH - EDGE}" y="${middle}" text-anchor="end">${escaped(format(value))}</text>`,
  ].join('\n');
}

function limitOf(limit: number, x: number, bottom: number, format: Picture['format']): string {
  const at = x.toFixed(1);
  return [
    `<line class="limit" x1="${at}" y1="${TOP - 8}" x2="${at}" y2="${bottom}"/>`,
    `<text class="limit-text" x="${at}" y="${bottom + 16}" text-anchor="middle">target ${escaped(format(limit))}</text>`,
  ].join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
