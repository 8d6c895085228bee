# The controller and the dashboard: two static programs and nothing else. ./image.sh builds them into
# target/image, which is the context of this file.
FROM scratch
LABEL org.opencontainers.image.title="rollouts-controller" \
      org.opencontainers.image.description="Progressive delivery controller for Kubernetes, and its dashboard" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY rollouts-controller rollouts-dashboard /bin/
# A number, so that runAsNonRoot can be held without a user database.
USER 65532:65532
# Health, metrics, dashboard.
EXPOSE 8080 8090 3100
# The dashboard is run by its path.
ENTRYPOINT ["/bin/rollouts-controller"]
