/** Types of setup.mjs, which is plain JavaScript because it runs before anything is installed. */
export interface SetupOptions {
  readonly packages?: boolean;
  readonly root?: string;
  readonly say?: (line: string) => void;
}
export function setup(options?: SetupOptions): { npm: boolean; packages: string[] };
export function missingPackages(): { name: string; absent: string[]; why: string }[];
export function npmIsBehind(root?: string): boolean;
