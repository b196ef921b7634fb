import { errorOf, warningOf, type Finding } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';

/** IFNAMSIZ of Linux, less its terminating NUL. */
const LONGEST = 15;

/**
 * What is wrong with the name of an interface. The kernel takes nearly any bytes; names go into command lines and rule
 * files of several tools, so only those are taken that mean the same to all of them.
 */
export function interfaceFindings(name: string): Finding[] {
  const fault = faultOf(name);
  if (fault !== undefined) return [errorOf('bad-interface', `${quoted(name)} ${fault[0]}`, fault[1])];
  if (name !== 'lo') return [];
  return [warningOf('loopback-interface', "'lo' is the loopback, which is never filtered", 'delete it')];
}

function faultOf(name: string): readonly [string, string] | undefined {
  const stem = name.endsWith('*') ? name.slice(0, -1) : name;
  if (stem === '')
    return name === ''
      ? ['is empty', 'delete it']
      : ['means every interface', 'name the interfaces, or write the start of their names: wg*'];
  if (stem.includes('*')) return ['has a * that is not at its end', `write ${beforeStar(stem)}`];
  if (stem.endsWith('+')) return ['ends in a +', `write ${quoted(`${stem.slice(0, -1)}*`)} for all that start so`];
  if (stem === '.' || stem === '..')
    return ['is no name that the kernel takes', 'write a name that "ip link" shows, such as wg0'];
  const [shown = '', rest] = stem.split(/[@:]/, 2);
  if (rest !== undefined && /^[\w.-]+$/.test(shown)) return ['is more than the name of an interface', `write ${shown}`];
  if (!/^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/.test(stem))
    return [
      'has characters that a name must not have',
      'use letters, digits, ".", "-" and "_"; "ip link" shows the names',
    ];
  if (name.length > LONGEST)
    return [`is longer than the ${LONGEST} characters of an interface name`, 'write a name that "ip link" shows'];
  return undefined;
}

const beforeStar = (stem: string): string => {
  const start = stem.slice(0, stem.indexOf('*'));
  return start === '' ? 'the start of the names, such as wg*' : `${start}*`;
};

/** Whether every interface of the second name is one of the first, which may end in `*`. */
export const interfaceCovers = (wide: string, name: string): boolean =>
  wide === name || (wide.endsWith('*') && name.startsWith(wide.slice(0, -1)));
