"""Train the nets and turn them into OpenVINO models. The only room that imports torch."""
