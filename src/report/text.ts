const WIDTH = 100;

/** Breaks a paragraph into lines of at most 100 columns, less the indent. */
export function wrap(text: string, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (indent.length + longer.length > WIDTH && line !== '') {
      lines.push(indent + line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, indent + line].join('\n');
}

/** Rows of two cells: the first as wide as its widest, the second wrapped beside it. */
export function columns(rows: readonly (readonly [string, string])[], indent = '  '): string {
  const width = Math.max(0, ...rows.map(([first]) => first.length)) + 2;
  return rows
    .map(([first, second]) => {
      const beside = wrap(second, ' '.repeat(indent.length + width)).trimStart();
      return `${indent}${first.padEnd(width)}${beside}`;
    })
    .join('\n');
}

/** `1 prefix`, `2 prefixes`, `1,200,000 prefixes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

export const grouped = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
