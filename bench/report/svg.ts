import type { Bar, Picture } from '../result.ts';

const WIDTH = 720;
const LABELS = 250;
/** Room for the figure at the end of the longest bar. */
const FIGURES = 90;
const ROW = 30;
const BAR = 18;
const TOP = 44;

/** Mid tones that stand out from white and from black alike; text takes the colour of the reader's scheme. */
const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 15px }
    .seawall { fill: #2f81f7 } .usual { fill: #bc8c5a } .control { fill: #8b949e }
    .limit { stroke: #cf4a4a; stroke-width: 1.5; stroke-dasharray: 4 3 }
    .limit-text { fill: #cf4a4a; font-size: 12px }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .limit-text { fill: #ff7b72 } }
  `;

/** A bar chart as a file of its own, readable on a light and on a dark page. */
export function svgOf(picture: Picture): string {
  const { title, bars, limit } = picture;
  const greatest = Math.max(...bars.map(({ value }) => value), limit ?? 0);
  const scale = (WIDTH - LABELS - FIGURES) / greatest;
  const bottom = TOP + bars.length * ROW;
  const height = bottom + (limit === undefined ? 8 : 26);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `  <style>${STYLE}</style>`,
    `  <text class="title" x="0" y="20">${escaped(title)}</text>`,
    ...bars.map((bar, row) => barOf(bar, TOP + row * ROW, scale, picture.format)),
    ...(limit === undefined ? [] : [limitOf(limit, LABELS + limit * scale, bottom, picture.format)]),
    '</svg>\n',
  ].join('\n');
}

function barOf({ label, value, kind }: Bar, y: number, scale: number, format: Picture['format']): string {
  const width = Math.max(value * scale, 1).toFixed(1);
  const middle = y + BAR - 4;
  return [
    `  <text x="${LABELS - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
    `  <rect class="${kind}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
    `  <text x="${(LABELS + Number(width) + 8).toFixed(1)}" y="${middle}">${escaped(format(value))}</text>`,
  ].join('\n');
}

function limitOf(limit: number, x: number, bottom: number, format: Picture['format']): string {
  const at = x.toFixed(1);
  return [
    `  <line class="limit" x1="${at}" y1="${TOP - 8}" x2="${at}" y2="${bottom}"/>`,
    `  <text class="limit-text" x="${at}" y="${bottom + 16}" text-anchor="middle">target ${escaped(format(limit))}</text>`,
  ].join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
