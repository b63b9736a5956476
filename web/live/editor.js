// The editor of all Python code on a page. Loaded when the reader asks for it.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorView, keymap } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

// Tab is left alone: it leads out of the editor, for those who have no mouse.
export function editor(doc, label, shiftEnter, changed = () => {}) {
  return new EditorView({
    doc,
    extensions: [
      keymap.of([{ key: "Shift-Enter", run: () => (shiftEnter(), true) }, ...defaultKeymap, ...historyKeymap]),
      history(), EditorView.lineWrapping, python(), indentUnit.of("    "), indentOnInput(), bracketMatching(),
      syntaxHighlighting(classHighlighter), EditorView.contentAttributes.of({ "aria-label": label }),
      EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
    ],
  });
}
