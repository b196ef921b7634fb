import type { StreamReport } from '../lab/protocol.ts';
import { type RestartReport, gotThrough } from './restart.ts';
import type { Verdict } from './screen.ts';
import { counted, entry } from './text.ts';

/** The promises of a restart: nothing of an untrusted client got through, and trusted ones lost only what Docker cost. */
export function judgeRestart({ floods, host, around }: RestartReport, verdict: Verdict): void {
  for (const { to, report } of floods) {
    const through = gotThrough(report);
    verdict.check(through === 0, `while Docker restarted ${through} untrusted attempts got through (${to})`);
    verdict.check(report.attempts > 0, `no untrusted attempt was made (${to})`);
  }
  for (const [what, { attempts, failed }] of [['the host', host] as const, ...around.map((r) => ['web', r] as const)]) {
    verdict.check(attempts > 0 && failed === 0, `${failed} of ${attempts} trusted connections to ${what} were lost`);
  }
}

export function restartLines({ seconds, floods, host, around, meanwhile }: RestartReport): string[] {
  return [
    ...floods.map(({ to, report }) => entry('untrusted', to, knocked(report))),
    entry('trusted B', 'v6, port 9100 (host)', answered([host], 'lost')),
    entry('trusted B', 'v4, port 8081 (web)', answered(around, 'lost, while web ran')),
    entry(
      '',
      '  while web was stopped',
      `${answered([meanwhile], 'lost to')} Docker's own pause, ${seconds.toFixed(1)} s`,
    ),
  ];
}

function knocked(report: StreamReport): string {
  return `${counted(report.attempts, 'attempts')} ${counted(gotThrough(report), 'got through')}`;
}

function answered(reports: readonly StreamReport[], lost: string): string {
  const [tried, failed] = reports.reduce(([n, f], report) => [n + report.attempts, f + report.failed], [0, 0]);
  return `${counted(tried, 'attempts')} ${counted(failed, lost)}`;
}
