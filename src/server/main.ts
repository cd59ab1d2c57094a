/**
 * The language server for BPF C: `node dist/server.js --stdio` or `--node-ipc`. It reads what every user may read (BTF,
 * libbpf's headers, the program's own headers) and needs no privilege.
 */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './connection';

serve(createConnection(ProposedFeatures.all), __dirname);
