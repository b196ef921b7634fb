import type { Explanation, Verdict } from '../analysis/trace/explain.ts';
import type { Step } from '../analysis/trace/step.ts';
import { formatAddress } from '../net/address.ts';
import type { Colours } from './colours.ts';
import { wrap } from './text.ts';

const INDENT = '        ';

/** The way of a packet, rule by rule. `brief`: only what matched. */
export function explainReport(explanation: Explanation, brief: boolean, colours: Colours): string {
  const { answer, assumptions } = explanation;
  return [
    ...wayLines(explanation, brief, colours),
    verdictLine('the packet', explanation, colours),
    ...(answer ? ['', colours.bold('The answer:'), ...wayLines(answer, true, colours)] : []),
    ...(answer ? [verdictLine('the answer', answer, colours)] : []),
    colours.dim(wrap(`Assumed: ${assumptions.join('; ')}.`)),
  ].join('\n');
}

function wayLines({ steps }: Verdict, brief: boolean, colours: Colours): string[] {
  let place = '';
  return steps.flatMap((step) => {
    if (brief && step.matched === false) return [];
    const here = `${step.table} ${step.chain}`;
    const head = here === place ? [] : [colours.bold(here)];
    place = here;
    return [...head, stepLine(step, colours)];
  });
}

function stepLine({ rule, text, matched, because, effect, entries }: Step, { dim, green, yellow }: Colours): string {
  const mark = matched === true ? green('yes') : matched === false ? dim('no ') : yellow('may');
  const number = (rule === 0 ? '' : String(rule)).padStart(4);
  const why = because === undefined ? '' : ` [${matched === false ? 'not' : 'depends on'}: ${because}]`;
  const then = effect === undefined ? '' : ` ⇒ ${effect}`;
  const by = entries?.map(({ set, entry }) => ` [in ${set}: ${entry}]`).join('') ?? '';
  return `${number} ${mark}${wrap(`${text}${by}${then}${why}`, INDENT).slice(INDENT.length - 1)}`;
}

function verdictLine(what: string, { verdict, certainty, arrived }: Verdict, { green, red, yellow }: Colours): string {
  const paint = certainty === 'possible' ? yellow : verdict === 'accept' ? green : red;
  const word = { accept: 'accepted', drop: 'dropped', reject: 'rejected' }[verdict];
  const to =
    arrived && ` at ${formatAddress(arrived.destination)}${arrived.out === undefined ? '' : ` by ${arrived.out}`}`;
  return paint(`${what} ${certainty === 'possible' ? 'may be' : 'is'} ${word}${to ?? ''}`);
}
