"""The form of one clip's tags."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from study.console.forms.versions import KeptForm
from study.models import Clip


class ClipTagsForm(KeptForm, forms.Form):
    """The original tags of a clip, as one text."""

    tags = forms.CharField(label=gettext_lazy("Tags"), required=False, max_length=20_000)

    def __init__(self, *args: Any, clip: Clip, **kwargs: Any) -> None:
        super().__init__(*args, initial={"tags": "; ".join(clip.imported_tags)}, **kwargs)
        self.clip = clip
