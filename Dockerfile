# The controller: one static program and nothing else. ./image.sh builds the program into target/image,
# which is the context of this file.
FROM scratch
LABEL org.opencontainers.image.title="rollouts-controller" \
      org.opencontainers.image.description="Progressive delivery controller for Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY rollouts-controller /bin/rollouts-controller
# A number, so that runAsNonRoot can be held without a user database.
USER 65532:65532
# Health, metrics.
EXPOSE 8080 8090
ENTRYPOINT ["/bin/rollouts-controller"]
