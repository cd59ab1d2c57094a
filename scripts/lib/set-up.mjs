export { setUp } from '../setup.mjs';
