"""How the page looks: paper and ink, one green, and the fonts that the person's device has.

Nothing is fetched for it: the fonts that come with Gradio lack letters, and others would mean another host.
"""

import gradio as gr
from gradio.themes.utils import colors

GREEN = colors.Color(
    "#eefaf5", "#d6f2e6", "#aee4cf", "#7bcfb2", "#45b391", "#1f9676",
    "#0f7a60", "#0d624f", "#0c4f41", "#0a4136", "#04241e", name="green",
)  # fmt: skip
STONE = colors.Color(
    "#fbfaf7", "#f4f2ec", "#e8e5dc", "#d6d2c6", "#a9a598", "#7d796e",
    "#5c5950", "#454239", "#2b2a26", "#1d1d1b", "#131413", name="stone",
)  # fmt: skip


def theme() -> gr.themes.Base:
    """The theme; what it can't say is in assets/style.css."""
    base = gr.themes.Base(
        primary_hue=GREEN,
        secondary_hue=GREEN,
        neutral_hue=STONE,
        radius_size="lg",
        text_size="lg",
        font=["system-ui", "Noto Sans", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return base.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1a1c1b",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="#202322",
        body_text_color="#23241f",
        body_text_color_dark="#e9e7e0",
        body_text_color_subdued="#6a675d",
        body_text_color_subdued_dark="#a5a297",
        border_color_primary="#e3dfd4",
        border_color_primary_dark="#343734",
        block_background_fill="*background_fill_primary",
        block_border_width="0px",
        block_shadow="none",
        input_background_fill="*background_fill_primary",
        input_background_fill_dark="#202322",
        input_border_color="#d6d2c6",
        input_border_color_dark="#3b3f3c",
        input_border_width="1px",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="#5fcbab",
        button_primary_background_fill_hover_dark="#7bdcbf",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#04241e",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_text_color="#454239",
        button_secondary_text_color_dark="#d9d6cc",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_hover_dark="#262a28",
        button_secondary_border_color="*border_color_primary",
        button_secondary_border_color_dark="*border_color_primary",
    )
