/** The page for a program's parameters: composes messages and form. */
import './parameters.css';
import type { FromParametersPage, ToParametersPage } from '../../src/shared/protocol/parameters-page';
import { pageRoot } from '../common/dom';
import { connectToHost } from '../common/messages';
import { createForm } from './form';

const host = connectToHost<null, ToParametersPage, FromParametersPage>(receive);
const form = createForm(pageRoot(), host.post);

function receive(message: ToParametersPage): void {
  switch (message.type) {
    case 'form':
      form.show(message);
      return;
    case 'problems':
      form.problems(message.problems, message.focus);
      return;
    case 'value':
      form.set(message.name, message.value);
  }
}
