"""Check a rule set for unknown tags, cycles, and rules that undo one another; faults are named with file and line."""

from generation.redefinition.errors import RuleError
from generation.redefinition.rules.rule_set import RuleSet, RuleStep
from generation.redefinition.rules.schema import (
    Ambiguity,
    Exclusion,
    Family,
    Implication,
    Merge,
    Removal,
    RuleFile,
    VoicePolicy,
)
from generation.redefinition.spelling import suggestion

Gone = dict[str, RuleStep]
Implications = dict[str, tuple[set[str], RuleStep]]


def check_rules(rules: RuleSet, own: RuleFile, lines: dict) -> None:
    """Raise RuleError for the first fault found. `own`: the file without the rule sets that it joins, by `lines`."""
    _check_names(rules, own, lines)
    _check_known(rules, own, lines)
    try:
        _check_cycles(rules)
    except RecursionError:
        raise RuleError(
            f"{rules.source}: merges and implications form a chain of several hundred tags; write shorter ones."
        ) from None
    _check_sides(rules)
    _check_order(rules)
    _check_generals(rules, own, lines)


def _check_names(rules: RuleSet, own: RuleFile, lines: dict) -> None:
    seen: dict[str, int] = {}
    joined = {step.stage: step.source for step in rules.steps if step.source != rules.source}
    for number, stage in enumerate(own.stages):
        line = lines[("stages", number)]
        if stage.name in joined:
            raise RuleError(
                f"{rules.source}, line {line}: {joined[stage.name]} has a stage {stage.name!r} too; give another name."
            )
        if stage.name in seen:
            raise RuleError(
                f"{rules.source}, line {line}: the stage {stage.name!r} is in line {seen[stage.name]} too; "
                "give each its own name."
            )
        seen[stage.name] = line


def _check_known(rules: RuleSet, own: RuleFile, lines: dict) -> None:
    for step in rules.steps:
        for tag in _mentioned(step):
            if tag not in rules.known:
                _refuse_unknown(rules, tag, _line_of(tag, step.line, lines, own))
    for tag in own.prompt_words:
        if tag not in rules.known:
            _refuse_unknown(rules, tag, lines.get(("prompt_words", tag), lines.get(("prompt_words",), 1)))
    for number, family in enumerate(own.in_prompts.families):
        line = lines[("in_prompts", "families", number)]
        for tag in family.drop + family.beside:
            if tag not in rules.known:
                _refuse_unknown(rules, tag, line)


def _check_generals(rules: RuleSet, own: RuleFile, lines: dict) -> None:
    """Refuse families by which each of two tags stands for the other: prompts would name neither."""
    for number, family in enumerate(own.in_prompts.families):
        for special in family.beside:
            for general in family.drop:
                if general == special or special in rules.generals.of(general):
                    raise RuleError(
                        f"{rules.source}, line {lines[('in_prompts', 'families', number)]}: {general!r} and "
                        f"{special!r} each stand for the other, so that prompts would name neither; remove one rule."
                    )
            if gone := next((tag for tag in (special, *family.drop) if tag in rules.meanings), None):
                raise RuleError(
                    f"{rules.source}, line {lines[('in_prompts', 'families', number)]}: {gone!r} becomes "
                    f"{' and '.join(rules.meanings[gone])!r} by a merge; name that tag."
                )


def _refuse_unknown(rules: RuleSet, tag: str, line: int) -> None:
    near = suggestion(tag, rules.known)
    meant = f"did you mean {near!r}? If not, list it" if near else "list it"
    raise RuleError(f"{rules.source}, line {line}: unknown tag {tag!r}; {meant} under `vocabulary` if it is meant.")


def _line_of(tag: str, first: int, lines: dict, own: RuleFile) -> int:
    """The line on which a rule that begins on line `first` mentions `tag`."""
    for path, line in lines.items():
        if line < first or len(path) < 4 or path[0] != "stages":
            continue
        value = own.stages[path[1]]
        try:
            for part in path[2:]:
                value = value[part] if isinstance(part, int) else getattr(value, _field(part))
        except (AttributeError, IndexError, TypeError):
            continue
        if value == tag or value == (tag,):
            return line
    return first


def _field(part: str) -> str:
    return "from_" if part == "from" else part


def _mentioned(step: RuleStep) -> tuple[str, ...]:
    rule = step.rule
    if isinstance(rule, Merge):
        return rule.from_ + rule.into + rule.beside + rule.unless
    if isinstance(rule, Implication):
        return (rule.tag, *rule.implies)
    if isinstance(rule, Ambiguity):
        return (rule.tag, *rule.may_mean)
    if isinstance(rule, Exclusion):
        return rule.one + rule.other
    if isinstance(rule, Family):
        return rule.drop + rule.beside
    if isinstance(rule, VoicePolicy):
        return (
            rule.heard,
            rule.denied,
            *rule.also_heard,
            *rule.review_beside,
            *rule.tagger_heard,
            *rule.tagger_denied,
        )
    return rule.tags


def _check_cycles(rules: RuleSet) -> None:
    arrows: dict[str, list[tuple[str, RuleStep]]] = {}
    for step in rules.steps:
        rule = step.rule
        if isinstance(rule, Merge):
            pairs = [(child, parent) for child in rule.from_ for parent in rule.into]
        elif isinstance(rule, Implication):
            pairs = [(rule.tag, implied) for implied in rule.implies]
        else:
            continue
        for start, end in pairs:
            arrows.setdefault(start, []).append((end, step))
    done: set[str] = set()
    for tag in arrows:
        _walk(tag, arrows, [], done, rules)


def _walk(tag: str, arrows: dict, trail: list[tuple[str, RuleStep | None]], done: set[str], rules: RuleSet) -> None:
    if tag in done:
        return
    names = [name for name, _ in trail]
    if tag in names:
        circle = [*names[names.index(tag) :], tag]
        step = trail[-1][1]
        raise RuleError(
            f"{step.place if step else rules.source}: the rules go in a circle: {' → '.join(circle)}; "
            "remove one of the arrows."
        )
    for end, step in arrows.get(tag, []):
        _walk(end, arrows, [*trail, (tag, step)], done, rules)
    done.add(tag)


def _check_sides(rules: RuleSet) -> None:
    """Refuse a tag on both sides of a rule, and an implication that contradicts the decision of an exclusion."""
    seen: dict[str, RuleStep] = {}
    implied = _implied(rules)
    for step in rules.steps:
        if step.name in seen:
            raise RuleError(f"{step.place}: this rule is in line {seen[step.name].line} too; remove one.")
        seen[step.name] = step
        rule = step.rule
        if isinstance(rule, Merge):
            _refuse_if(set(rule.from_) & set(rule.into), rules, step, "merges {} into itself")
        elif isinstance(rule, Implication):
            _refuse_if({rule.tag} & set(rule.implies), rules, step, "has {} imply itself")
        elif isinstance(rule, Family):
            _refuse_if(set(rule.drop) & set(rule.beside), rules, step, "drops {} beside itself")
            _check_dropped(rules, implied, step, rule)
        elif isinstance(rule, Exclusion):
            _refuse_if(set(rule.one) & set(rule.other), rules, step, "has {} on both sides")
            _check_decided(rules, step, rule)
            _check_implied(rules, implied, step, set(rule.one), set(rule.other), set(rule.losing))
        elif isinstance(rule, VoicePolicy):
            _refuse_if({rule.heard} & {rule.denied}, rules, step, "has {} on both sides")
            heard, denied = {rule.heard, *rule.also_heard}, {rule.denied}
            _check_implied(rules, implied, step, heard, denied, denied if rule.policy == "evidence" else {rule.heard})


def _check_dropped(rules: RuleSet, implications: Implications, step: RuleStep, rule: Family) -> None:
    """Refuse a family that drops a tag beside the very tag that implies it."""
    for source, (implied, implying) in implications.items():
        if source in rule.beside and implied & set(rule.drop):
            tag = min(implied & set(rule.drop))
            _refuse_undone(rules, implying, step, f"it drops {tag!r} beside {source!r}, which implies it")


def _check_decided(rules: RuleSet, step: RuleStep, rule: Exclusion) -> None:
    """Refuse a pair of tags that an earlier rule decides: the later rule would never find both."""
    for earlier in rules.steps:
        if earlier is step:
            return
        other = earlier.rule
        if isinstance(other, Exclusion) and other.losing:
            for one, two in ((other.one, other.other), (other.other, other.one)):
                if set(rule.one) & set(one) and set(rule.other) & set(two):
                    _refuse_undone(rules, step, earlier, "it decides between the same tags before")


def _check_implied(
    rules: RuleSet, implications: Implications, step: RuleStep, one: set[str], other: set[str], losing: set[str]
) -> None:
    for source, (implied, implying) in implications.items():
        for side, opposite in ((one, other), (other, one)):
            if source in side and opposite & implied:
                _refuse_undone(rules, implying, step, f"it implies what {source!r} excludes")
        if source not in losing and implied & losing:
            _refuse_undone(rules, step, implying, f"{source!r} brings back what is taken away here")


def _implied(rules: RuleSet) -> Implications:
    """Tag → every tag it implies, directly or through others, and its first implication."""
    implied: dict[str, tuple[set[str], RuleStep]] = {}
    for step in rules.steps:
        if isinstance(step.rule, Implication):
            found, _ = implied.setdefault(step.rule.tag, (set(), step))
            found.update(step.rule.implies)
    for _ in implied:
        for found, _step in implied.values():
            for tag in tuple(found):
                found |= implied[tag][0] if tag in implied else set()
    return implied


def _refuse_if(tags: set[str], rules: RuleSet, step: RuleStep, fault: str) -> None:
    if tags:
        named = ", ".join(repr(tag) for tag in sorted(tags))
        raise RuleError(f"{step.place}: this rule {fault.format(named)}; remove it there.")


def _check_order(rules: RuleSet) -> None:
    """Follow the rules in their order; no rule may need, or bring back, a tag that an earlier rule removed."""
    gone: Gone = {}
    added: dict[str, RuleStep] = {}
    for step in rules.steps:
        rule = step.rule
        if isinstance(rule, Merge):
            _check_sources(rule.from_ + rule.beside + rule.unless, gone, rules, step)
            _check_targets(rule.into, gone, rules, step)
            added.update((tag, step) for tag in rule.into)
            if not rule.is_conditional:
                gone.update((tag, step) for tag in rule.from_)
        elif isinstance(rule, Implication):
            _check_sources((rule.tag,), gone, rules, step)
            _check_targets(rule.implies, gone, rules, step)
            added.update((tag, step) for tag in rule.implies)
        elif isinstance(rule, Removal):
            _check_sources(rule.tags, gone, rules, step)
            for tag in rule.tags:
                if tag in added and added[tag].source == step.source:  # a file may take away what another one adds
                    _refuse_undone(rules, added[tag], step, f"{tag!r} is removed there")
            gone.update((tag, step) for tag in rule.tags)
        elif isinstance(rule, VoicePolicy):
            _check_targets((rule.heard, rule.denied), gone, rules, step)
            _check_sources(rule.also_heard + rule.review_beside, gone, rules, step)
            added.update((tag, step) for tag in (rule.heard, rule.denied))
        else:
            _check_sources(_mentioned(step), gone, rules, step)
    for tag in rules.file.prompt_words:
        if tag in gone:
            raise RuleError(
                f"{gone[tag].place}: {tag!r} is taken away here, yet `prompt_words` has a "
                "word for it; give the word to the tag that stays."
            )


def _check_sources(tags: tuple[str, ...], gone: Gone, rules: RuleSet, step: RuleStep) -> None:
    for tag in tags:
        if tag in gone:
            raise RuleError(
                f"{step.place}: {tag!r} is gone since {_place_of(gone[tag], step)}, so this rule "
                "can never apply; put it earlier or name the tag that it became."
            )


def _check_targets(tags: tuple[str, ...], gone: Gone, rules: RuleSet, step: RuleStep) -> None:
    for tag in tags:
        if tag in gone:
            _refuse_undone(rules, gone[tag], step, f"it brings {tag!r} back")


def _refuse_undone(rules: RuleSet, step: RuleStep, by: RuleStep, how: str) -> None:
    raise RuleError(
        f"{step.place}: this rule is undone by the one in {_place_of(by, step)}: {how}; keep one of the two."
    )


def _place_of(step: RuleStep, beside: RuleStep) -> str:
    """The line of a rule, with its file if that is another one than the file of `beside`."""
    return f"line {step.line}" if step.source == beside.source else step.place
