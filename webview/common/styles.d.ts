/** esbuild bundles style sheets beside the page. */
declare module '*.css';
