FROM python:3.11-slim

# Spaces run a container as user 1000.
RUN useradd --create-home --uid 1000 user
WORKDIR /home/user/app

COPY requirements.txt .
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu "torch==2.13.0+cpu" \
    && pip install --no-cache-dir -r requirements.txt

COPY --chown=user . .
RUN mkdir -p data && chown user data

USER user
ENV PYTHONUNBUFFERED=1 \
    KGQA_HOST=0.0.0.0 \
    KGQA_PORT=7860 \
    KGQA_DATABASE_URL=sqlite:////home/user/app/data/kgqa.db \
    KGQA_CACHE=/home/user/app/data/graphs

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"

CMD ["python", "app.py"]
