// The completion scripts. All of them do the same: find which command the words so far lead to, and offer its commands and flags, a flag's
// words after it, and files where anything goes. Descriptions are ours, but quoted as if they were not.

import type { Flag, Node } from "./tree.ts";

/** For bash 3.2 (macOS) and newer. */
export function bashScript(nodes: readonly Node[]): string {
  const cases = nodes.map((node) => {
    const words = [...node.children.map(({ name }) => name), ...node.argumentChoices, ...spellings(node.flags)];
    return `    ${quote(node.path.join(" "))}) words=${quote(words.join(" "))} ;;`;
  });
  return `# bash completion for sluice: source <(sluice completion bash)
_sluice() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path="" words="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$path\${path:+ }$word" in
      ${nodes
        .filter(({ path }) => path.length > 0)
        .map(({ path }) => quote(path.join(" ")))
        .join("|")}) path="$path\${path:+ }$word" ;;
    esac
  done
  case "$path $previous" in
${choiceCases(nodes).join("\n")}
    ${valueFlagPattern(nodes)}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _sluice sluice
`;
}

function choiceCases(nodes: readonly Node[]): string[] {
  return nodes.flatMap(({ path, flags }) =>
    flags
      .filter(({ choices }) => choices.length > 0)
      .map(
        ({ long, choices }) =>
          `    ${quote(`${path.join(" ")} ${long}`)}) COMPREPLY=($(compgen -W ${quote(choices.join(" "))} -- "$current")); return ;;`,
      ),
  );
}

/** A pattern of all flags that take a value of any kind, whichever command they are of. */
function valueFlagPattern(nodes: readonly Node[]): string {
  const taking = nodes.flatMap(({ flags }) => flags.filter(({ takesValue, choices }) => takesValue && choices.length === 0));
  return [...new Set(spellings(taking))].map((flag) => `*${quote(` ${flag}`)}`).join("|");
}

/** For zsh: a file _sluice in a folder of $fpath. */
export function zshScript(nodes: readonly Node[]): string {
  const cases = nodes.map((node) => {
    const children = [...node.children, ...node.argumentChoices.map((name) => ({ name, description: "" }))];
    const entries = [
      ...children.map(({ name, description }) => zshEntry(name, description)),
      ...node.flags.map((flag) => zshEntry(flag.long, flag.description)),
    ];
    const choices = node.flags
      .filter((flag) => flag.choices.length > 0)
      .map((flag) => `        ${flag.long}) compadd -- ${flag.choices.map(quote).join(" ")}; return ;;`);
    const taking = node.flags.filter((flag) => flag.takesValue && flag.choices.length === 0);
    return [
      `    ${quote(node.path.join(" "))})`,
      '      case "$words[CURRENT-1]" in',
      ...choices,
      `        ${spellings(taking).join("|")}) _files; return ;;`,
      "      esac",
      `      entries=(${entries.join(" ")})`,
      "      ;;",
    ].join("\n");
  });
  return `#compdef sluice
# zsh completion for sluice: sluice completion zsh > a file _sluice in a folder of $fpath
_sluice() {
  local spoken="" word
  local -a entries
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$spoken\${spoken:+ }$word" in
      ${nodes
        .filter(({ path }) => path.length > 0)
        .map(({ path }) => quote(path.join(" ")))
        .join("|")}) spoken="$spoken\${spoken:+ }$word" ;;
    esac
  done
  case "$spoken" in
${cases.join("\n")}
  esac
  _describe sluice entries || _files
}
if [ "$funcstack[1]" = _sluice ]; then _sluice "$@"; else compdef _sluice sluice; fi
`;
}

/** A colon ends the word in _describe's entries. */
function zshEntry(word: string, description: string): string {
  return quote(`${word.replaceAll(":", "\\:")}:${description}`);
}

export function fishScript(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, children, flags, argumentChoices }) => {
    const condition = `-n ${quote(`__sluice_at ${path.map(quote).join(" ")}`.trimEnd())}`;
    const commands = children.map(
      ({ name, description }) => `complete -c sluice -f ${condition} -a ${quote(name)} -d ${quote(description)}`,
    );
    const words = argumentChoices.map((choice) => `complete -c sluice -f ${condition} -a ${quote(choice)}`);
    return [...commands, ...words, ...flags.map((flag) => `complete -c sluice ${condition} ${fishFlag(flag)}`)];
  });
  const commandPaths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quote(path.join(" ")));
  return `# fish completion for sluice: sluice completion fish > ~/.config/fish/completions/sluice.fish
function __sluice_at
  set -l spoken
  for word in (commandline -opc)[2..-1]
    set -l longer (string join -- ' ' $spoken $word)
    contains -- $longer ${commandPaths.join(" ")}; and set spoken $longer
  end
  test "$spoken" = "$argv"
end
${lines.join("\n")}
`;
}

function fishFlag({ long, short, description, takesValue, choices }: Flag): string {
  const names = [`-l ${long.slice(2)}`, ...(short === null ? [] : [`-s ${short.slice(1)}`])];
  const value = !takesValue ? [] : choices.length === 0 ? ["-r"] : ["-x", `-a ${quote(choices.join(" "))}`];
  return [...names, ...value, `-d ${quote(description)}`].join(" ");
}

function spellings(flags: readonly Flag[]): string[] {
  return flags.flatMap(({ long, short }) => (short === null ? [long] : [long, short]));
}

/** One word to any of the shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
