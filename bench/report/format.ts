export const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
export const microseconds = (us: number): string => `${us.toFixed(2)} us`;
export const nanoseconds = (ns: number): string => `${ns.toFixed(0)} ns`;
export const seconds = (s: number): string => `${s.toFixed(2)} s`;
export const times = (ratio: number): string => ratio.toFixed(3);
export const count = (n: number): string => n.toLocaleString('en');
