/** esbuild writes style sheets beside the page. */
declare module '*.css';
