export const root: string;
export const cacheFolder: string;
export const stateFolder: string;
export const workFolder: string;
