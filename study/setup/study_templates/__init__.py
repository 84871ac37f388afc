"""Templates of studies: conditions, texts and settings to begin with, as YAML files that labs share.

The files in this folder ship; `loader` reads them and any other, and says in plain words what one sets.
"""

from study.setup.study_templates.loader import (
    LARGEST,
    SHIPPED,
    StudyTemplate,
    TemplateRefused,
    create_from_template,
    load_template,
    shipped_template,
    template_yaml,
    what_it_sets,
)

__all__ = [
    "LARGEST",
    "SHIPPED",
    "StudyTemplate",
    "TemplateRefused",
    "create_from_template",
    "load_template",
    "shipped_template",
    "template_yaml",
    "what_it_sets",
]
