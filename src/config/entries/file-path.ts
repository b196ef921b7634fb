import { errorOf, type Finding } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';

/** PATH_MAX of Linux, with its terminating NUL. */
const LONGEST = 4095;

const bad = (message: string, hint: string): Finding => errorOf('bad-path', message, hint);

/** What is wrong with the path of `{file: …}`; relative ones start at the config's folder, wherever that is. */
export function readFilePath(path: string): Finding | undefined {
  if (path.trim() === '') return bad('the path is empty', 'write {file: lists/partners.txt}, or delete the entry');
  if (/\p{Cc}/u.test(path)) return bad(`${quoted(path)} has a control character in it`, 'write the path without it');
  if (path.length > LONGEST) return bad('the path is longer than Linux takes', 'write a shorter path');
  if (/^[a-z]+:\/\//i.test(path))
    return bad(`${quoted(path)} is a URL`, 'fetch it into a file, and write the path of that');
  if (/^~|\$/.test(path)) return bad(`${quoted(path)} needs a shell to mean something`, 'write the path in full');
  if (/(?:^|\/)\.{0,2}$/.test(path)) return bad(`${quoted(path)} is a folder`, 'write the path of one file');
  return undefined;
}
